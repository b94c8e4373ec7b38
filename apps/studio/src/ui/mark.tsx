/** A lancet window cut into the patches of a picture. */
export function Mark() {
  return (
    <svg class="mark" aria-hidden="true" viewBox="0 0 56 80">
      <clipPath id="lancet">
        <path d="M2 78V36C2 20 14 8 28 2c14 6 26 18 26 34v42z" />
      </clipPath>
      <g clip-path="url(#lancet)">
        <path class="glass1" d="M0 0h28v21H0zM37 21h19v19H37zM19 40h18v19H19zM0 59h19v21H0z" />
        <path class="glass2" d="M28 0h28v21H28zM0 40h19v19H0zM37 59h19v21H37z" />
        <path class="glass3" d="M0 21h19v19H0zM19 59h18v21H19z" />
        <path class="glass4" d="M19 21h18v19H19z" />
        <path class="glass5" d="M37 40h19v19H37z" />
        <path class="lead" d="M28 0v21M0 21h56M0 40h56M0 59h56M19 21v59M37 21v59" />
      </g>
      <path class="frame" d="M2 78V36C2 20 14 8 28 2c14 6 26 18 26 34v42z" />
    </svg>
  );
}
