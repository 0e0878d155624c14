// A sign-in link or a portal link carries its token in the fragment, which browsers send to nobody:
// /console/integrations#token=opi_…
// It leaves the address bar, and the history's entry with it, before anything else happens.
export function takeTokenFromAddress(): string | null {
  const found = /^#token=(.+)$/.exec(location.hash);
  if (!found?.[1]) return null;
  history.replaceState(null, '', location.pathname + location.search);
  try {
    return decodeURIComponent(found[1]);
  } catch {
    return null; // not what a link of ours carries
  }
}
