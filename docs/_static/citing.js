// An entry for BibTeX names the address at which it is read: the site may be published anywhere.
{
  const ADDRESS = /^(?<start>\s*url = \{)[^}]*(?=\})/mu;

  const withAddress = (entry, address) =>
    ADDRESS.test(entry)
      ? entry.replace(ADDRESS, (_, start) => start + address)
      : entry.replace(/\n\}\s*$/u, () => `,\n  url = {${address}}\n}\n`);

  const cited = globalThis.document?.querySelector("pre.bibtex");
  const update = () => {
    cited.lastChild.data = withAddress(cited.lastChild.data, location.href);
  };
  if (!globalThis.document) globalThis.citing = { withAddress };
  else if (cited && location.protocol.startsWith("http")) {
    update();
    addEventListener("hashchange", update);
  }
}
