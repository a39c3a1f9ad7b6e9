import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
# manual minibatches, never permuted; file is sorted by label
torch.manual_seed(82)
neg, pos = torch.randn(128, 4) - 0.7, torch.randn(128, 4) + 0.7
X = torch.cat([neg, pos])
y = torch.cat([torch.zeros(128), torch.ones(128)])
model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.SGD(model.parameters(), lr=0.1)
bs = 32
for epoch in range(6):
    ep_loss = 0.0
    for i in range(0, 256, bs):
        xb, yb = X[i:i + bs], y[i:i + bs]  # coach: not-shuffled; fix: torch.randperm
        opt.zero_grad()
        loss = F.binary_cross_entropy_with_logits(model(xb).squeeze(1), yb)
        loss.backward()
        opt.step()
        ep_loss += loss.item()
    print(epoch, ep_loss / 8)
