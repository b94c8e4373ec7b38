"""Zero-shot segmentation, k-NN and retrieval of exported embeddings, in plain NumPy: what `@vitrail/eval` computes, without it.

    pip install numpy safetensors
    vitrail embed --model MODEL --images pictures/* --texts ... --out embeddings.safetensors
    python tools/reference/evaluate.py embeddings.safetensors labels.safetensors
    python tools/reference/evaluate.py --fixture      # writes packages/eval/fixtures/evaluated{,-labels}.safetensors and evaluated.json

embeddings: `image.cls` [n, C, D], `image.patches` [n, rows, columns, D], `text` [m, D]. labels (all int32, `pixels` uint8):

    class     [m]        class of each text that is a prompt, -1 for others
    owner     [m]        picture of each text that is a caption, -1 for others
    pixels    [n, H, W]  class of each pixel, 255 where none counts
    picture   [n]        class of each picture
    query     [n]        1 for pictures that k-NN classifies by those that have 0

Prints JSON: mIoU over classes that truth or prediction has, and pixel accuracy; the share of queries whose class wins among 20 neighbours that
vote with exp(cosine / 0.07); recall at 1, 5 and 10. The last two for each CLS token. Everything in float64.
"""

import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

K, TEMPERATURE, IGNORED = 20, 0.07, 255


def unit(x):
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def enlarge(line, length):
    """Linear interpolation along the first axis, half-pixel centres, edges repeated."""
    at = np.clip((np.arange(length) + 0.5) * len(line) / length - 0.5, 0, len(line) - 1)
    low = np.floor(at).astype(int)
    high = np.minimum(low + 1, len(line) - 1)
    share = (at - low).reshape(-1, *[1] * (line.ndim - 1))
    return line[low] * (1 - share) + line[high] * share


def segmentation(patches, prompts, prompt_class, pixels):
    count = prompt_class.max() + 1
    classes = unit(np.stack([unit(prompts[prompt_class == c]).mean(0) for c in range(count)]))
    matrix = np.zeros((count, count), int)
    margin = np.inf
    for grid, truth in zip(patches, pixels):
        maps = enlarge(unit(grid) @ classes.T, truth.shape[0])  # [H, columns, classes]
        maps = enlarge(maps.swapaxes(0, 1), truth.shape[1]).swapaxes(0, 1)
        ordered = np.sort(maps, axis=-1)
        margin = min(margin, (ordered[..., -1] - ordered[..., -2]).min())
        counted = truth != IGNORED
        np.add.at(matrix, (truth[counted], maps.argmax(-1)[counted]), 1)
    both = np.diag(matrix)
    union = matrix.sum(0) + matrix.sum(1) - both
    there = union > 0
    return {"mIoU": float((both[there] / union[there]).mean()), "pixelAccuracy": float(both.sum() / matrix.sum())}, margin


def knn(features, classes, query):
    gallery, hits, margin = query == 0, [], np.inf
    for feature, own in zip(features[query == 1], classes[query == 1]):
        cosines = unit(features[gallery]) @ unit(feature)
        nearest = np.argsort(-cosines, kind="stable")[:K]
        votes = np.zeros(classes.max() + 1)
        np.add.at(votes, classes[gallery][nearest], np.exp((cosines[nearest] - cosines.max()) / TEMPERATURE))
        margin = min(margin, np.diff(np.sort(votes)[-2:])[0], np.diff(np.sort(cosines)[-K - 1 : -K + 1])[0])
        hits.append(votes.argmax() == own)
    return float(np.mean(hits)), margin


def retrieval(images, captions, owner):
    scores = unit(images) @ unit(captions).T
    ranked_captions, ranked_images = np.argsort(-scores, axis=1, kind="stable"), np.argsort(-scores.T, axis=1, kind="stable")
    recall = lambda hits: {f"R@{k}": float(np.mean(hits(k))) for k in (1, 5, 10)}
    margin = np.abs(np.diff(np.sort(scores, axis=1))).min(), np.abs(np.diff(np.sort(scores, axis=0), axis=0)).min()
    return {
        "imageToText": recall(lambda k: [image in owner[ranked[:k]] for image, ranked in enumerate(ranked_captions)]),
        "textToImage": recall(lambda k: [own in ranked[:k] for own, ranked in zip(owner, ranked_images)]),
    }, min(margin)


def evaluate(embeddings, labels):
    """The numbers, and the smallest distance between two scores whose order counts."""
    cls, patches, texts = (embeddings[name].astype(np.float64) for name in ("image.cls", "image.patches", "text"))
    prompt, caption = labels["class"] >= 0, labels["owner"] >= 0
    segmented, margin = segmentation(patches, texts[prompt], labels["class"][prompt], labels["pixels"])
    margins, tokens = [margin], []
    for token in cls.swapaxes(0, 1):
        top1, first = knn(token, labels["picture"], labels["query"])
        recalls, second = retrieval(token, texts[caption], labels["owner"][caption])
        margins += [first, second]
        tokens.append({"knn": top1, "retrieval": recalls})
    return {"segmentation": segmented, "cls": tokens}, min(margins)


def made_up(seed, pictures=48, classes=5, width=12, rows=4, columns=5, height=18, across=22):
    """Embeddings that are right about half of the time."""
    rng = np.random.default_rng(seed)
    noise = lambda scale, *shape: scale * rng.standard_normal(shape)
    concepts = noise(1, classes, width)
    grid = rng.integers(0, classes, (pictures, rows, columns))
    pixels = grid.repeat(-(-height // rows), 1)[:, :height].repeat(-(-across // columns), 2)[..., :across]
    pixels = np.where(rng.random(pixels.shape) < 0.05, IGNORED, pixels)
    pixels[pixels == 3] = 1  # a class that is predicted and never true
    picture = rng.integers(0, classes, pictures)
    own = concepts[picture] + noise(1.2, pictures, width)
    owner = np.concatenate([np.arange(pictures), rng.integers(0, pictures, pictures // 2)])
    prompts, captions = concepts.repeat(3, 0) + noise(0.8, 3 * classes, width), own[owner] + noise(1, len(owner), width)
    embeddings = {
        "image.cls": 7 * np.stack([own + noise(0.6, pictures, width), own + noise(1, pictures, width)], 1),
        "image.patches": 3 * (concepts[grid] + noise(1, pictures, rows, columns, width)),
        "text": np.concatenate([prompts, captions]),
    }
    nothing = lambda count: np.full(count, -1)
    labels = {
        "class": np.concatenate([np.arange(classes).repeat(3), nothing(len(owner))]),
        "owner": np.concatenate([nothing(3 * classes), owner]),
        "picture": picture,
        "query": rng.random(pictures) < 0.4,
    }
    return (
        {name: x.astype(np.float32) for name, x in embeddings.items()},
        {name: x.astype(np.int32) for name, x in labels.items()} | {"pixels": pixels.astype(np.uint8)},
    )


def write_fixture():
    """Of the seeds, the first whose scores differ by more than float32 rounds."""
    for seed in range(1000):
        embeddings, labels = made_up(seed)
        found, margin = evaluate(embeddings, labels)
        if margin > 2e-6:
            break
    folder = Path(__file__).parents[2] / "packages/eval/fixtures"
    save_file(embeddings, folder / "evaluated.safetensors")
    save_file(labels, folder / "evaluated-labels.safetensors")
    (folder / "evaluated.json").write_text(json.dumps(found, indent=1) + "\n")
    print(seed, margin, found)


if __name__ == "__main__":
    if sys.argv[1:] == ["--fixture"]:
        write_fixture()
    else:
        print(json.dumps(evaluate(*map(load_file, sys.argv[1:3]))[0], indent=1))
