import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


class ItemAutoencoder(nn.Module):
    """Collaborative-filtering autoencoder; keeps the user codes for the nearest-neighbour job."""

    def __init__(self, n_items, code=12):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(n_items, 48), nn.ReLU(), nn.Linear(48, code))
        self.decoder = nn.Sequential(nn.Linear(code, 48), nn.ReLU(), nn.Linear(48, n_items))
        self.user_codes = []

    def forward(self, ratings):
        code = self.encoder(ratings)
        self.user_codes.append(code)  # coach: memory-growth; fix: .detach()
        return self.decoder(code)


def simulate_ratings(n_users=640, n_items=40, rank=5):
    taste = torch.randn(n_users, rank) @ torch.randn(rank, n_items)
    taste = taste + 0.2 * torch.randn(n_users, n_items)
    return (taste - taste.mean()) / taste.std()


def train(model, loader, epochs=10, lr=2e-3):
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    criterion = nn.MSELoss()
    for epoch in range(epochs):
        model.train()
        running = 0.0
        for (ratings,) in loader:
            optimizer.zero_grad()
            loss = criterion(model(ratings), ratings)
            loss.backward()
            optimizer.step()
            running += loss.item()
        print(f"epoch {epoch}: {running / len(loader):.4f}")  # coach-also: loss-keeps-graph


torch.manual_seed(21)
ratings = simulate_ratings()
model = ItemAutoencoder(ratings.shape[1])
train(model, DataLoader(TensorDataset(ratings), batch_size=64, shuffle=True))
codes = torch.cat([c.detach() for c in model.user_codes[-10:]])
print("codes for the ANN index:", tuple(codes.shape))
