"""Pretrain an autoencoder on unlabelled sensor rows, freeze the encoder, then train a head and unfreeze late."""
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset


def make_encoder(d_in, d_code):
    return nn.Sequential(nn.Linear(d_in, 32), nn.ReLU(), nn.Linear(32, d_code))


class StateClassifier(nn.Module):
    def __init__(self, encoder, d_code, n_states):
        super().__init__()
        self.encoder = encoder
        self.head = nn.Sequential(nn.ReLU(), nn.Linear(d_code, n_states))

    def freeze(self, frozen):
        for p in self.encoder.parameters():
            p.requires_grad = not frozen

    def forward(self, x):
        return self.head(self.encoder(x))


def pretrain(encoder, decoder, loader, epochs=4):
    params = list(encoder.parameters()) + list(decoder.parameters())
    opt, mse = torch.optim.Adam(params, lr=3e-3), nn.MSELoss()
    for epoch in range(epochs):
        for (x,) in loader:
            noisy = x + 0.1 * torch.randn_like(x)
            loss = mse(decoder(encoder(noisy)), x)
            opt.zero_grad()
            loss.backward()
            opt.step()
        print(f"pretrain {epoch}: {loss.item():.4f}")


def train_stage(model, loader, opt, epochs, name):
    ce = nn.CrossEntropyLoss()
    for epoch in range(epochs):
        model.train()
        total = 0.0
        for x, y in loader:
            opt.zero_grad()
            loss = ce(model(x), y)
            loss.backward()
            opt.step()
            total += loss.item()
        print(f"{name} {epoch}: {total / len(loader):.4f}")


torch.manual_seed(64)
centres = 1.3 * torch.randn(3, 10)
state = torch.randint(0, 3, (1200,))
rows = centres[state] + torch.randn(1200, 10)
rows = (rows - rows[:800].mean(0)) / rows[:800].std(0)
unlabelled = DataLoader(TensorDataset(rows[:800]), batch_size=80, shuffle=True)
labelled = DataLoader(TensorDataset(rows[800:1100], state[800:1100]), batch_size=50, shuffle=True)
encoder = make_encoder(10, 8)
pretrain(encoder, nn.Sequential(nn.ReLU(), nn.Linear(8, 10)), unlabelled)

model = StateClassifier(encoder, 8, 3)
model.freeze(True)
train_stage(model, labelled, torch.optim.Adam(model.head.parameters(), lr=5e-3), 5, "head")
model.freeze(False)
optimizer = torch.optim.Adam([{"params": model.encoder.parameters(), "lr": 1e-4}, {"params": model.head.parameters(), "lr": 1e-3}])
train_stage(model, labelled, optimizer, 3, "full")
model.eval()
with torch.no_grad():
    print("test accuracy", (model(rows[1100:]).argmax(1) == state[1100:]).float().mean().item())
