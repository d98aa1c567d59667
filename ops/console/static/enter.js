// Signs in with the code of a one-time link, and takes it out of the address bar and the history.
const form = document.getElementById("enter");
const code = decodeURIComponent(location.hash.slice(1));
if (code) {
  history.replaceState(null, "", location.pathname);
  form.elements.code.value = code;
  form.submit();
}
