import gradbook as torch
import gradbook.nn.functional as F
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


def mlp_block(n_in, n_out):
    return nn.Sequential(nn.Linear(n_in, n_out), nn.LayerNorm(n_out), nn.ReLU())


class PropertyPricer(nn.Module):
    def __init__(self, n_numeric, n_districts, emb_dim=6):
        super().__init__()
        self.district = nn.Embedding(n_districts, emb_dim)
        self.numeric = mlp_block(n_numeric, 32)
        self.joint = nn.Linear(32 + emb_dim, 32)
        self.price = nn.Linear(32, 1)

    def forward(self, numeric, district):
        z = F.relu(self.numeric(numeric))  # coach: redundant-activation; fix: self.numeric(numeric)
        z = torch.cat([z, self.district(district)], dim=1)
        return self.price(F.relu(self.joint(z))).squeeze(1)


def listings(n=900, n_numeric=7, n_districts=12):
    numeric = torch.randn(n, n_numeric)
    district = torch.randint(0, n_districts, (n,))
    premium = torch.randn(n_districts)
    price = numeric[:, 0] + 0.5 * numeric[:, 1] * numeric[:, 2] + premium[district] + 0.1 * torch.randn(n)
    return numeric, district, (price - price.mean()) / price.std()


def train(model, loader, opt):
    model.train()
    total = 0.0
    for numeric, district, price in loader:
        opt.zero_grad()
        loss = F.mse_loss(model(numeric, district), price)
        loss.backward()
        opt.step()
        total += loss.item()
    return total / len(loader)


def validate(model, loader):
    model.eval()
    with torch.no_grad():
        errs = [F.mse_loss(model(a, b), p).item() for a, b, p in loader]
    return sum(errs) / len(errs)


torch.manual_seed(13)
data = listings()
train_dl = DataLoader(TensorDataset(*[t[:720] for t in data]), batch_size=60, shuffle=True)
val_dl = DataLoader(TensorDataset(*[t[720:] for t in data]), batch_size=90)
model = PropertyPricer(7, 12)
opt = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(6):
    print(f"epoch {epoch}: train {train(model, train_dl, opt):.4f}  val {validate(model, val_dl):.4f}")
