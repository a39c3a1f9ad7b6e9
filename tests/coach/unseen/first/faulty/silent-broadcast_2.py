import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset
# sample-weighted binary cross entropy
torch.manual_seed(16)
X = torch.randn(200, 5)
t = (X[:, :2].sum(1, keepdim=True) > 0).float()
w = torch.rand(200) + 0.5
ldr = DataLoader(TensorDataset(X, t, w), batch_size=40, shuffle=True)
mlp = nn.Sequential(nn.Linear(5, 20), nn.ReLU(), nn.Linear(20, 1))
opt = torch.optim.Adam(mlp.parameters(), lr=5e-3)
for e in range(4):
    for xb, tb, wb in ldr:
        per_sample = F.binary_cross_entropy_with_logits(mlp(xb), tb, reduction="none")
        loss = (per_sample * wb).mean()  # coach: silent-broadcast; fix: wb.unsqueeze(1)
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(e, loss.item())
