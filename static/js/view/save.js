// Saves a report as a file.

/** A file's name takes no colons on Windows. @param {Date} date */
export const fileName = (date) => `dante-report-${date.toISOString().slice(0, 19).replaceAll(":", "-")}.json`;

/** Long enough for a browser that asks first where to save. */
const KEEP_MS = 60_000;

/**
 * @param {HTMLElement} button
 * @param {() => object} report
 */
export function listenToSave(button, report) {
  button.addEventListener("click", () => {
    const text = `${JSON.stringify(report(), null, 1)}\n`;
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([text], { type: "application/json" }));
    link.download = fileName(new Date());
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), KEEP_MS);
  });
}
