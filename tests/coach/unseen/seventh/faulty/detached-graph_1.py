import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(8)


class BilinearMatcher(nn.Module):
    """Scores a (user, item) pair as u' M v."""

    def __init__(self, n_user, n_item, k=16):
        super().__init__()
        self.user_tower = nn.Sequential(nn.Linear(n_user, 32), nn.ReLU(), nn.Linear(32, k))
        self.item_tower = nn.Sequential(nn.Linear(n_item, 32), nn.ReLU(), nn.Linear(32, k))  # coach-also: unused-parameters
        self.mix = nn.Parameter(torch.randn(k, k) / k)

    def embed_user(self, u):
        return self.user_tower(u)

    def embed_item(self, v):
        return self.item_tower(v)

    def forward(self, u, v):
        eu = self.embed_user(u)
        ev = torch.tensor(self.embed_item(v).tolist())  # coach: detached-graph; fix: self.embed_item(v)
        return torch.einsum("bi,ij,bj->b", eu, self.mix, ev)


def synth(n):
    u, v = torch.randn(n, 8), torch.randn(n, 6)
    y = torch.einsum("bi,bi->b", u[:, :6], v) > 0
    return TensorDataset(u, v, y.float())


class Trainer:
    def __init__(self, model, lr):
        self.model = model
        self.opt = torch.optim.Adam(model.parameters(), lr=lr)
        self.crit = nn.BCEWithLogitsLoss()

    def train_on_batch(self, u, v, y):
        self.opt.zero_grad()
        loss = self.crit(self.model(u, v), y)
        loss.backward()
        self.opt.step()
        return loss.item()

    def fit(self, loader, epochs):
        for e in range(epochs):
            logs = [self.train_on_batch(*batch) for batch in loader]
            print(f"[{e + 1}/{epochs}] loss={sum(logs) / len(logs):.4f}")


trainer = Trainer(BilinearMatcher(8, 6), lr=3e-3)
trainer.fit(DataLoader(synth(512), batch_size=32, shuffle=True), epochs=8)
