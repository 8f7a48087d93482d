"""The page on which answers are labelled: static files without a build step, and the routes that serve them.

`index.html`, `label.css`, and one ES module for each part of the page, begun by `main.js`. Colours, letters, and the
modules for elements, requests and documents are those of the web page of `bakeoff serve` (`serve/web/`). Texts only
ever become text nodes.
"""
