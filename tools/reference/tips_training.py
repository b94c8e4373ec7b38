"""Writes packages/recipes/fixtures/training.json: twenty steps of TIPSv2 on a tiny model, in float64.

    pip install torch==2.15.0 && python tools/reference/tips_training.py

The model, its first weights and its losses are those of packages/recipes/fixtures/make_step.py. Every step has pictures and masks of its own (`batch_of`); the
optimiser is torch.optim.AdamW, the teacher's heads follow with a momentum that rises along half a cosine, the teacher's temperature rises along a line.

training.json: the settings; every term of the loss at every step; how far each parameter came from where it started (its norm), after the last.
"""

import json
import math
import sys
from pathlib import Path

import torch

FIXTURES = Path(__file__).parents[2] / "packages/recipes/fixtures"
sys.path.insert(0, str(FIXTURES))
from make_step import B, GLOBAL, LOCAL, M, first_centers, losses, sample, values

STEPS, RATE, DECAY, BETAS = 20, 2e-3, 0.04, (0.9, 0.95)
MOMENTUM, MOMENTUM_STEPS = (0.9, 1.0), 30
TEMPERATURE, TEMPERATURE_STEPS = (0.04, 0.07), 5
LARGEST_SCALE = math.log(1 / 0.005)


def batch_of(step):
    pixels = lambda shape, seed: 0.5 + 0.5 * sample(shape, seed)
    mask = [[(7 * i + i // 4 + 3 * b + step) % 4 != 0 for i in range(16)] for b in range(B)]
    return {"global": pixels((B, GLOBAL, GLOBAL, 3), 2000 + 2 * step), "locals": pixels((B * M, LOCAL, LOCAL, 3), 2001 + 2 * step), "mask": mask}


def decays(name, value):
    return value.dim() > 1 and name.split(".")[-1] not in ("cls", "maskToken", "position", "logitScale", "bias")


student = {name: value.requires_grad_() for name, value in values(1).items()}
first = {name: value.detach().clone() for name, value in student.items()}
average, centers = values(501), first_centers()
groups = [{"params": [x for name, x in student.items() if decays(name, x) == which], "weight_decay": DECAY * which} for which in (True, False)]
optimizer = torch.optim.AdamW(groups, lr=RATE, betas=BETAS, eps=1e-8)
rows = []
for step in range(STEPS):
    tau_t = TEMPERATURE[0] + (TEMPERATURE[1] - TEMPERATURE[0]) * min(1, step / TEMPERATURE_STEPS)
    terms, centers = losses(student, average, centers, batch_of(step), tau_t)
    optimizer.zero_grad()
    terms["loss"].backward()
    optimizer.step()
    momentum = MOMENTUM[1] + (MOMENTUM[0] - MOMENTUM[1]) * (1 + math.cos(math.pi * step / MOMENTUM_STEPS)) / 2
    with torch.no_grad():
        student["logitScale"].clamp_(0, LARGEST_SCALE)
        for name in average:
            if name.startswith("heads."):
                average[name] = momentum * average[name] + (1 - momentum) * student[name]
    rows.append({name: round(value.item(), 9) for name, value in terms.items()})
    print(step, rows[-1])

(FIXTURES / "training.json").write_text(json.dumps({
    "optimizer": {"learningRate": RATE, "weightDecay": DECAY, "beta1": BETAS[0], "beta2": BETAS[1], "epsilon": 1e-8},
    "momentum": {"from": MOMENTUM[0], "to": MOMENTUM[1]},
    "momentumSteps": MOMENTUM_STEPS,
    "teacherTemperature": {"from": TEMPERATURE[0], "to": TEMPERATURE[1], "steps": TEMPERATURE_STEPS},
    "terms": rows,
    "moved": {name: round((student[name].detach() - first[name]).norm().item(), 9) for name in first},
}, indent=1) + "\n")
