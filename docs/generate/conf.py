"""How Sphinx builds the site from what `pages.py` wrote beside this file."""

from capilint import __version__

project = "capilint"
author = "capilint contributors"
version = release = __version__
extensions = ["myst_parser"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = f"capilint {version}"
html_extra_path = ["extra"]
html_copy_source = html_show_sourcelink = html_show_copyright = False
exclude_patterns = ["extra"]
pygments_dark_style = "github-dark"
