import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, TensorDataset
torch.manual_seed(76)
# age, income, rooms -> default risk
age = 20 + 50 * torch.rand(240)
income = 20000 + 60000 * torch.rand(240)
rooms = torch.randint(1, 7, (240,)).float()
risk = (income / 1000 - age * 0.5 + torch.randn(240) * 5 < 30).float()
X = torch.stack([age, income, rooms], dim=1)  # coach: input-not-normalised; fix: .std(
ds = TensorDataset(X, risk)
credit = nn.Sequential(nn.Linear(3, 16), nn.ReLU(), nn.Linear(16, 1))
opt = torch.optim.Adam(credit.parameters(), lr=1e-3)
for epoch in range(4):
    for xb, yb in DataLoader(ds, batch_size=40, shuffle=True):
        loss = F.binary_cross_entropy_with_logits(credit(xb).squeeze(1), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
    print(epoch, loss.item())
# coach-also: suspicious-initial-loss, exploding-gradients, loss-diverged
