"""How right the classes are: measured on labelled rows, side by side, and which rows are worth a label; nothing here classifies."""
