export function LookPage() {
  return <h1>Look</h1>;
}
