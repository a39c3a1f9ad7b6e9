import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn

rnn = nn.GRU(3, 12, batch_first=True)
readout = nn.Linear(12, 2)
params = list(rnn.parameters()) + list(readout.parameters())
adam = torch.optim.AdamW(params, 1e-11, weight_decay=0.0)  # coach: update-ratio-low; fix: 0.0
for it in range(5):  # coach-also: learning-rate-too-low, loss-plateau
    seq = torch.randn(8, 5, 3)
    out, _ = rnn(seq)
    loss = F.cross_entropy(readout(out[:, -1]), (seq.sum((1, 2)) > 0).long())
    adam.zero_grad()
    loss.backward()
    adam.step()
