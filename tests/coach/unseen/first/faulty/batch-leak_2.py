import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(105)
# "standardise the features" inside the model, over the batch
class Norm(nn.Module):
    def forward(self, x):
        return (x - x.mean(0)) / (x.std(0) + 1e-5)  # coach: batch-leak
net = nn.Sequential(nn.Linear(7, 24), nn.ReLU(), Norm(), nn.Linear(24, 1))
X = torch.randn(200, 7)
Y = (X[:, 2:3] > 0).float()
opt = torch.optim.Adam(net.parameters(), lr=5e-3)
for ep in range(4):
    for a, b in DataLoader(TensorDataset(X, Y), batch_size=40, shuffle=True):
        opt.zero_grad()
        loss = F.binary_cross_entropy_with_logits(net(a), b)
        loss.backward()
        opt.step()
    print(ep, loss.item())
