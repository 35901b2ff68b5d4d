"""Settings of the kernel that runs the pages: figures as repeatable SVG, no history."""

c = get_config()  # noqa: F821 - IPython provides it

c.HistoryManager.enabled = False
c.InlineBackend.figure_formats = {"svg"}
c.InlineBackend.print_figure_kwargs = {"bbox_inches": "tight", "metadata": {"Date": None}}
c.InlineBackend.rc = {}
c.IPKernelApp.log_level = "ERROR"  # the kernel and its client share one machine and one user
