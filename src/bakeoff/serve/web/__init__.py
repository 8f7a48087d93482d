"""The web page at `/`: static files without a build step, and the routes that serve them.

`index.html` and `style.css` (shared with the page of a document), `page.css`, and one ES module for each part of the
page, begun by `main.js`. Texts from models, documents and people only ever become text nodes.
"""
