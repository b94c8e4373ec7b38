export { type CaptionStreams, type Captions, drawCaptions, tipsStreams, tipsv2Streams } from './draw-captions.ts';
export { fillTemplates } from './fill-templates.ts';
export { cifarTemplates, imagenetTemplates, simpleTemplates, tclTemplates } from './templates.ts';
