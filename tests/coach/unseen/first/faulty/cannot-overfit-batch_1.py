import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# sanity check: can the model overfit one small batch?  (XOR with a linear model)
torch.manual_seed(0)
xb = torch.tensor([[-1., -1.], [-1., 1.], [1., -1.], [1., 1.]]).repeat(4, 1)
yb = torch.tensor([0, 1, 1, 0]).repeat(4)
probe = nn.Sequential(nn.Linear(2, 16), nn.Linear(16, 2))  # coach: cannot-overfit-batch; fix: nn.ReLU()
opt = torch.optim.Adam(probe.parameters(), lr=1e-2)
for step in range(60):
    loss = F.cross_entropy(probe(xb), yb)
    opt.zero_grad()
    loss.backward()
    opt.step()
print("loss after 60 steps on ONE batch:", loss.item())
# coach-also: missing-nonlinearity, repeated-batch, loss-plateau, constant-predictions
