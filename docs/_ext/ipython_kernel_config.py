"""Settings of the kernel that runs the pages: figures as repeatable SVG, no history."""

c = get_config()  # noqa: F821 - IPython provides it

c.HistoryManager.enabled = False
c.InlineBackend.figure_formats = {"svg"}
c.InlineBackend.print_figure_kwargs = {"bbox_inches": "tight", "metadata": {"Date": None}}
c.InlineBackend.rc = {}
c.IPKernelApp.log_level = "ERROR"  # the kernel and its client share one machine and one user

# What a cell prints leaves the kernel in one piece. MyST-NB ends every piece with a newline, so
# that a line which is only half printed after 0.2 seconds would be broken in two.
c.InteractiveShellApp.exec_lines = ["import sys", "sys.stdout.flush_interval = 3600", "del sys"]
