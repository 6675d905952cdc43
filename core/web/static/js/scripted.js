// Say that this browser runs script: the page hides what is only for those that do not, and for ten
// minutes the server need not make it look again by itself.

export function scripted() {
  document.documentElement.classList.add("is-scripted");
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `ik_script=1; Max-Age=600; Path=/; SameSite=Lax${secure}`;
}

scripted();
