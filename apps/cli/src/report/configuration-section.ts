import { configText, configValue, flattenValues } from './config-values.ts';
import { runName } from './header-section.ts';
import { type Html, html } from './html.ts';
import { valueTables } from './value-tables.ts';

/** The complete configuration, folded, and how to run it again. */
export function configurationSection(config: unknown): Html {
  return html`<section aria-labelledby="configuration">
<h2 id="configuration">Configuration</h2>
${configuration(config)}
<h2 id="reproduce">Reproduce</h2>
${reproduction(config)}
</section>`;
}

function configuration(config: unknown): Html {
  const values = typeof config === 'object' && config !== null ? flattenValues(config).filter(([path]) => path !== '') : [];
  if (values.length === 0) return html`<p class="missing">No configuration was stored with this run.</p>`;
  return html`<details><summary>All ${values.length} settings</summary>
${valueTables(
  values.map(([path, value]) => [path, valueText(value)]),
  'run',
)}
</details>`;
}

function valueText(value: unknown): string {
  return typeof value === 'string' ? value : spacedJson(value);
}

/** JSON on one line, with a space after every comma so that it can wrap. */
function spacedJson(value: unknown): string {
  return Array.isArray(value) ? `[${value.map(spacedJson).join(', ')}]` : JSON.stringify(value);
}

function reproduction(config: unknown): Html {
  const command = recordedCommand(config);
  const recipe = configText(config, 'recipe') && runName(config);
  const versions = flattenValues(configValue(config, 'versions') ?? {}).filter(([path]) => path !== '');
  return html`${
    command === undefined
      ? html`<p class="missing">The command of this run was not recorded.${recipe !== undefined && html` ${recipe} with the settings above, the same seed and the same backend trains the same way.`}</p>`
      : html`<pre><code>${command}</code></pre>`
  }${
    versions.length > 0 &&
    html`<p class="note">Run with ${versions.map(([name, version], i) => html`${i > 0 && ', '}${name}\u00a0${String(version)}`)}.</p>`
  }`;
}

/** The command line in the configuration, whether stored as one text or as a list of arguments. */
function recordedCommand(config: unknown): string | undefined {
  const command = configValue(config, 'command');
  if (!Array.isArray(command)) return configText(config, 'command');
  return command.length === 0 ? undefined : command.map((argument) => quoted(String(argument))).join(' ');
}

function quoted(argument: string): string {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
