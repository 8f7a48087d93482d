"""The whole pilot: prepare the data, build the contenders, ask, score and judge them."""
