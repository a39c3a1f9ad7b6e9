import gradbook as torch
from gradbook import nn

layer = nn.Liner(3, 1)  # coach: unknown-name; fix: layer = nn.Linear(3, 1)
