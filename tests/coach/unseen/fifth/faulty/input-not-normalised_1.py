import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, Dataset


class LoanDataset(Dataset):
    """income (EUR/yr), age (years), debt (EUR), months on book"""

    def __init__(self, n):
        income = 45000 + 12000 * torch.randn(n)
        age = 42 + 11 * torch.randn(n)
        debt = 8000 + 2500 * torch.randn(n)
        months = 36 + 10 * torch.randn(n)
        risk = -(income - 45000) / 12000 + (debt - 8000) / 2500 - 0.5 * (age - 42) / 11
        self.x = torch.stack([income, age, debt, months], dim=1)  # coach: input-not-normalised; fix: std(
        self.y = (risk + 0.3 * torch.randn(n) > 0).long()

    def __len__(self):
        return len(self.y)

    def __getitem__(self, i):
        return self.x[i], self.y[i]  # coach-line: input-not-normalised


torch.manual_seed(21)
config = {"lr": 1e-3, "epochs": 4, "batch_size": 50}
ds = LoanDataset(600)
loader = DataLoader(ds, batch_size=config["batch_size"], shuffle=True)  # coach-line: input-not-normalised
net = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 2))
opt = torch.optim.Adam(net.parameters(), lr=config["lr"])
ce = nn.CrossEntropyLoss()  # coach-also: suspicious-initial-loss
for epoch in range(config["epochs"]):
    correct = 0
    for feats, target in loader:
        opt.zero_grad()
        logits = net(feats)
        loss = ce(logits, target)
        loss.backward()
        opt.step()
        correct += (logits.argmax(1) == target).sum().item()
    print(f"epoch {epoch} last loss {loss.item():.3f} acc {correct / len(ds):.3f}")
