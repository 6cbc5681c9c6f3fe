// Whether this device is connected to any network, as far as the browser knows. That it is proves nothing; that it is
// not explains what fails.

export const isOffline = () => globalThis.navigator?.onLine === false;

/**
 * Tells when the device loses its network, and when it is back.
 * @param {(offline: boolean) => void} changed
 * @returns {() => void} stops that
 */
export function watchNetwork(changed) {
  const [lost, back] = [() => changed(true), () => changed(false)];
  globalThis.addEventListener?.("offline", lost);
  globalThis.addEventListener?.("online", back);
  return () => {
    globalThis.removeEventListener?.("offline", lost);
    globalThis.removeEventListener?.("online", back);
  };
}
