# Titanic-like homework: survived yes/no
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(7)

n = 500
sex = (torch.rand(n) < 0.5).float()
age = 15 + 40 * torch.rand(n)
pclass = torch.randint(1, 4, (n,)).float()
score = 2.0 * sex - 0.03 * (age - 35) - 0.8 * (pclass - 2) - 1.0 + 0.5 * torch.randn(n)
survived = (score > 0).float()

X = torch.stack([sex, age, pclass], dim=1)
Xtr, ytr = X[:400], survived[:400].unsqueeze(1)
Xte, yte = X[400:], survived[400:].unsqueeze(1)
m, s = Xtr.mean(0), Xtr.std(0)
Xtr = (Xtr - m) / s
Xte = (Xte - m) / s
loader = DataLoader(TensorDataset(Xtr, ytr), batch_size=40, shuffle=True)

model = nn.Sequential(
    nn.Linear(3, 12),
    nn.ReLU(),
    nn.Linear(12, 1),
    nn.Softmax(dim=1),  # coach: constant-predictions; fix: nn.Sigmoid()
)
criterion = nn.BCELoss()  # coach-also: suspicious-initial-loss
optimizer = torch.optim.Adam(model.parameters(), lr=0.01)  # coach-also: degenerate-activation

for epoch in range(10):
    model.train()
    for xb, yb in loader:
        optimizer.zero_grad()
        p = model(xb)
        loss = criterion(p, yb)  # coach-also: loss-plateau
        loss.backward()  # coach-also: vanishing-gradients
        optimizer.step()
    model.eval()
    with torch.no_grad():
        p = model(Xte)
        acc = ((p > 0.5).float() == yte).float().mean()
    print("Epoch", epoch + 1, "loss", loss.item(), "test acc", acc.item())
