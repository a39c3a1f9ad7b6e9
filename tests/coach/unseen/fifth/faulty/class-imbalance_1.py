import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

SETTINGS = {"rows": 3000, "fraud_rate": 0.02, "batch_size": 100, "epochs": 5, "lr": 2e-3}


def transactions(rows, fraud_rate):
    is_fraud = (torch.rand(rows) < fraud_rate).float()
    x = torch.randn(rows, 8)
    x[:, 0] += 1.2 * is_fraud
    x[:, 3] -= 1.0 * is_fraud
    x = (x - x.mean(0)) / x.std(0)
    return x, is_fraud


class FraudTrainer:
    def __init__(self, model, settings):
        self.model = model
        self.settings = settings
        self.optimizer = torch.optim.Adam(model.parameters(), lr=settings["lr"])
        self.criterion = nn.BCEWithLogitsLoss()  # coach: class-imbalance; fix: pos_weight

    def fit(self, loader):
        for epoch in range(self.settings["epochs"]):
            losses, right, rows = [], 0, 0
            for x, y in loader:
                logit = self.model(x).squeeze(1)
                loss = self.criterion(logit, y)
                self.optimizer.zero_grad()
                loss.backward()
                self.optimizer.step()
                losses.append(loss.item())
                right += ((logit > 0).float() == y).sum().item()
                rows += len(y)
            print(f"epoch {epoch}  loss {sum(losses) / len(losses):.4f}  accuracy {right / rows:.3%}")


torch.manual_seed(99)
x, y = transactions(SETTINGS["rows"], SETTINGS["fraud_rate"])
loader = DataLoader(TensorDataset(x, y), batch_size=SETTINGS["batch_size"], shuffle=True)  # coach-line: class-imbalance
model = nn.Sequential(nn.Linear(8, 24), nn.ReLU(), nn.Linear(24, 1))
FraudTrainer(model, SETTINGS).fit(loader)
model.eval()
with torch.no_grad():
    flagged = (model(x).squeeze(1) > 0).sum().item()
print("flagged", flagged, "of", int(y.sum().item()))  # coach-also: constant-predictions
