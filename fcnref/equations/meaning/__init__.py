"""From LaTeX to meaning: what a statement claims, or in words why it cannot be read.

The grammar accepts nearly everything; here the notation of the page decides what was meant. A
fault that leaves no doubt about the meaning becomes a reproach, and reading goes on.

One room for one idea: `reader` takes terms and factors apart and asks `factors` what each factor
is; `scripts` reads what stands above and below a symbol; `names` and `quantities`, `indicators`,
`sums`, `derivatives`, `functions`, `matrices` and `patterns` read what their names say;
`statements` tells what is claimed, `definitions` what gets a name, `identities` reads statements
about functions.
"""

from fcnref.equations.meaning.claims import Claim, Context, Definition, Reproach
from fcnref.equations.meaning.reading import read, read_name

__all__ = ["Claim", "Context", "Definition", "Reproach", "read", "read_name"]
