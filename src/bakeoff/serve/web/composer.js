// The field for a question: Enter sends, Shift+Enter begins a line, and it grows with its text.

/** Calls `onQuestion(text)` for each question that is sent from this form, unless `isBusy()`. */
export function setUpComposer(form, field, { onQuestion, isBusy }) {
  const fit = () => {
    field.style.height = "auto";
    field.style.height = `${field.scrollHeight}px`;
  };
  field.addEventListener("input", fit);
  field.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    form.requestSubmit();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const question = field.value.trim();
    if (!question || isBusy()) return;
    field.value = "";
    fit();
    onQuestion(question);
  });
}
