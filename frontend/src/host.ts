/** The window that owns the address: TensorBoard's when we are in its frame, else our own. Never `top`: in a notebook that is a stranger. */

export interface Host {
  hash(): string;
  /** Shows `hash`; a new entry for Back unless `replace`. Listeners hear of it either way. */
  show(hash: string, options?: { replace?: boolean }): void;
  /** The address for an anchor, complete, since our frame has another base. */
  address(hash: string): string;
  onChange(listener: () => void): void;
  body(): HTMLElement;
}

export function findHost(): Host {
  const owner = isReadable(window.parent) ? window.parent : window;
  return {
    hash: () => owner.location.hash,
    show: (hash, { replace = false } = {}) => {
      if (replace) owner.location.replace(hash.startsWith("#") ? owner.location.href.replace(/#.*$/, "") + hash : hash);
      else owner.location.hash = hash;
    },
    address: (hash) => owner.location.href.replace(/#.*$/, "") + hash,
    onChange: (listener) => owner.addEventListener("hashchange", listener),
    body: () => owner.document.body,
  };
}

/** Another origin's window throws when its address is read. */
function isReadable(other: Window): boolean {
  try {
    return typeof other.location.hash === "string" && other.document !== undefined;
  } catch {
    return false;
  }
}
