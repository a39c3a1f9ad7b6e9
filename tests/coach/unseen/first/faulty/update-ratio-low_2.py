import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# clip_grad_norm with an absurd limit
torch.manual_seed(62)
rnn = nn.GRU(3, 16, batch_first=True)
fc = nn.Linear(16, 2)
params = list(rnn.parameters()) + list(fc.parameters())
opt = torch.optim.SGD(params, lr=0.1)
for i in range(40):
    x = torch.randn(24, 6, 3)
    y = (x[:, -1, 0] > 0).long()
    loss = F.cross_entropy(fc(rnn(x)[1][-1]), y)
    opt.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(params, 1e-6)  # coach: update-ratio-low; fix: clip_grad_norm_(params, 1.0)
    opt.step()
    if i % 10 == 0: print(i, loss.item())
# coach-also: learning-rate-too-low, loss-plateau, stale-optimizer
