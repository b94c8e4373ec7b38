export { renderReport } from './page.ts';
export { encodePng } from './png.ts';
export { readReportInput } from './read-report-input.ts';
export type {
  MetricRow,
  MetricValue,
  PictureExample,
  ReportInput,
  ReportPictures,
  RetrievalExample,
  RunSummary,
} from './report-input.ts';
export { writeReport } from './write-report.ts';
