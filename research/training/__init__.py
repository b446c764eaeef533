"""How the bundled network was trained, in the order of the commands.

    split      hold out whole senders of the clothing photographs
    pack       folders of pictures (and masks) to arrays of 320-pixel squares
    teacher    masks by a larger network for pictures that have none
    sift       drop those the teacher was unsure about
    synthetic  draw garments, products, lettering and stickers with exact masks
    stickers   drawings with alpha to one array
    rings      draw lettering and marks that enclose background
    train      mix them, augment them, and train
    blend      mix two states of the network
    export     to ONNX, with half-precision weights
    evaluate   measure networks on held-out sets
    prints     measure how much of a print in the colour of the ground is kept

Each is run as `python -m research.training.<name>` and says with `--help` what it takes. They need torch, opencv
and onnx, which no environment of ours installs.
"""
