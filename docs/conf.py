"""How Sphinx builds the site; `tools/site.py` puts its sources together and calls it."""

import sys
from pathlib import Path
from typing import Any

from enmeshed_nb import __version__

sys.path.insert(0, str(Path(__file__).parent))  # the extensions beside this file

project = "enmeshed-nb"
author = "the enmeshed-nb authors"
project_copyright = f"{author}, MIT licence"
release = version = __version__

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_click",
    "sphinx_copybutton",
    "docstrings",
    "hovering",
]
exclude_patterns = ["recorded"]
nb_execution_mode = "off"  # what is shown is what is stored: the tests compare it with real runs
nb_render_image_options = {"align": "left"}
myst_enable_extensions = ["attrs_block", "attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 3
myst_links_external_new_tab = False

default_role = "code"  # docstrings are Markdown there
autodoc_default_options = {"members": True, "show-inheritance": True, "exclude-members": "model_config"}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True

napoleon_use_ivar = True
napoleon_use_rtype = False
napoleon_preprocess_types = False
copybutton_exclude = ".linenos, .gp, .go"
suppress_warnings = [
    "mystnb.unknown_mime_type",  # of summaries that programs read
    "ref.python",  # Napoleon looks for a link of each name that it lists
]

html_theme = "furo"
html_title = "enmeshed-nb"
html_static_path = ["_static"]
html_favicon = "_static/icon.svg"
html_css_files = ["site.css"]
html_js_files = ["site.js"]
html_show_sphinx = False
html_show_sourcelink = False
html_copy_source = False
html_theme_options: dict[str, Any] = {
    "light_css_variables": {"color-brand-primary": "#1f5f9e", "color-brand-content": "#1f5f9e"},
    "dark_css_variables": {"color-brand-primary": "#79b0ea", "color-brand-content": "#79b0ea"},
}
