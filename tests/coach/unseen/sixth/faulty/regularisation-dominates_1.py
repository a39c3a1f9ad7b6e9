from dataclasses import dataclass

import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


@dataclass
class TrainArgs:
    batch_size: int = 50
    epochs: int = 8
    lr: float = 1e-3
    l1_lambda: float = 0.1  # coach: regularisation-dominates; fix: l1


def marketing_mix(n=1000, channels=15):
    spend = torch.randn(n, channels)
    effect = torch.zeros(channels)
    effect[:4] = torch.tensor([1.0, -0.7, 0.5, 0.9])
    sales = torch.tanh(spend) @ effect + 0.1 * torch.randn(n)
    return spend, ((sales - sales.mean()) / sales.std()).unsqueeze(1)


class SparseMLP(nn.Module):
    def __init__(self, n_in):
        super().__init__()
        self.hidden = nn.Linear(n_in, 64)
        self.out = nn.Linear(64, 1)

    def forward(self, x):
        return self.out(torch.tanh(self.hidden(x)))

    def l1_norm(self):
        return self.hidden.weight.abs().sum() + self.out.weight.abs().sum()


def train(args):
    spend, sales = marketing_mix()
    train_dl = DataLoader(TensorDataset(spend[:800], sales[:800]), batch_size=args.batch_size, shuffle=True)
    model = SparseMLP(spend.shape[1])
    optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)
    mse = nn.MSELoss()
    for epoch in range(args.epochs):
        model.train()
        fit = 0.0
        for xb, yb in train_dl:
            optimizer.zero_grad()
            data_loss = mse(model(xb), yb)
            loss = data_loss + args.l1_lambda * model.l1_norm()  # coach-line: regularisation-dominates
            loss.backward()
            optimizer.step()
            fit += data_loss.item()
        model.eval()
        with torch.no_grad():
            val = mse(model(spend[800:]), sales[800:]).item()
        print(f"epoch {epoch}: fit {fit / len(train_dl):.4f}  val {val:.4f}")


torch.manual_seed(27)
train(TrainArgs())
