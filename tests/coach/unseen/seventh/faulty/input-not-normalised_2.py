import gradbook as torch
from gradbook import nn
import gradbook.nn.functional as F
from gradbook.utils.data import DataLoader, Dataset, random_split


class LoanRecords(Dataset):
    """Columns: income (EUR/year), age, loan (EUR), years employed."""

    def __init__(self, n):
        income = 20_000 + 60_000 * torch.rand(n)
        age = 20 + 45 * torch.rand(n)
        loan = 5_000 + 200_000 * torch.rand(n)
        tenure = 30 * torch.rand(n)
        self.features = torch.stack([income, age, loan, tenure], dim=1)  # coach: input-not-normalised; fix: .std(
        risk = loan / income - 0.04 * tenure - 0.01 * age
        self.default = (risk > risk.median()).float()

    def __len__(self):
        return len(self.default)

    def __getitem__(self, i):
        return self.features[i], self.default[i]


def epoch_of(model, loader, opt=None):
    model.train(opt is not None)
    losses, hits = [], 0
    with torch.set_grad_enabled(opt is not None):
        for x, y in loader:  # coach-line: input-not-normalised
            logit = model(x).squeeze(1)  # coach-line: input-not-normalised
            loss = F.binary_cross_entropy_with_logits(logit, y)
            if opt is not None:
                opt.zero_grad()
                loss.backward()
                opt.step()
            losses.append(loss.item())
            hits += ((logit > 0) == (y > 0.5)).sum().item()
    return {"loss": sum(losses) / len(losses), "acc": hits / len(loader.dataset)}


torch.manual_seed(12)
train, val = random_split(LoanRecords(1000), [800, 200])
loaders = DataLoader(train, batch_size=50, shuffle=True), DataLoader(val, batch_size=50)
model = nn.Sequential(nn.Linear(4, 32), nn.ReLU(), nn.Linear(32, 1))
opt = torch.optim.Adam(model.parameters(), lr=1e-3)  # coach-also: suspicious-initial-loss
for epoch in range(5):
    print(epoch, "train", epoch_of(model, loaders[0], opt), "val", epoch_of(model, loaders[1]))
