import math
import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# truncated BPTT on a sine wave (research snippet)
torch.manual_seed(6)
wave = torch.tensor([math.sin(0.3 * i) for i in range(240)])
cell = nn.GRUCell(1, 16)
readout = nn.Linear(16, 1)
opt = torch.optim.Adam(list(cell.parameters()) + list(readout.parameters()), lr=1e-2)
for start in range(0, 220, 10):
    h = torch.zeros(1, 16)
    preds = []
    for t in range(start, start + 10):
        h = cell(wave[t].view(1, 1), h)
        preds.append(readout(h.data))  # coach: detached-graph; fix: readout(h)
    loss = F.mse_loss(torch.cat(preds).squeeze(1), wave[start + 1:start + 11])
    opt.zero_grad()
    loss.backward()
    opt.step()
    if start % 50 == 0:
        print(start, loss.item())
# coach-also: unused-parameters, stale-optimizer
