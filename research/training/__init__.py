"""How the bundled network was made, in the order of the commands; nothing of the product imports this.

    pack       folders of pictures (and masks) to arrays of 320-pixel squares
    teacher    masks by a larger network for pictures that have none
    sift       drop those the teacher was unsure about
    synthetic  draw garments, products, lettering and stickers with exact masks
    train      mix them, augment them, and train
    export     to ONNX, with half-precision weights

Each is run as `python -m research.training.<name>` and says with `--help` what it takes. They need torch, opencv
and onnx, which no environment of ours installs.
"""
