"""Settings of the documentation site. ``python docs/site/build.py`` makes it."""

import edi_check

project = "edi_check"
author = "The edi_check maintainers"
copyright = "the edi_check maintainers, Apache-2.0"
version = release = edi_check.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_copybutton"]
exclude_patterns = ["deploy", "examples"]

myst_heading_anchors = 4  # links to headings work as they do where the repository is read
suppress_warnings = ["myst.header"]  # a heading may be two levels below the last

autodoc_typehints = "signature"
autodoc_member_order = "bysource"
autodoc_default_options = {"members": True, "undoc-members": True}
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
maximum_signature_line_length = 90
add_module_names = False

copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True
copybutton_remove_prompts = True

html_theme = "furo"  # light and dark, readable on a telephone, and nothing of it is loaded from elsewhere
html_title = f"edi_check {version}"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = False
html_last_updated_fmt = None
html_theme_options = {
    "light_css_variables": {"color-brand-primary": "#00695c", "color-brand-content": "#00695c"},
    "dark_css_variables": {"color-brand-primary": "#4db6ac", "color-brand-content": "#4db6ac"},
}
