"""The page on which answers are reviewed: static files without a build step, and the routes that serve them.

`index.html`, `review.css`, and one ES module for each part of the page, begun by `main.js`. What it shares with the
labelling page (order of answers, saving, look) and with the web page of `bakeoff serve` are their own files. Texts only
ever become text nodes.
"""
