"""The routes, one file per noun; each file is a blueprint made from the Parts it works on."""
