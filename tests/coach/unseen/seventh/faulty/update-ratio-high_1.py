# %% basketball: shot goes in or not
import gradbook as torch
import gradbook.nn as nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(23)
shots = torch.randn(900, 5)
made = ((shots[:, 0] - 0.8 * shots[:, 1] ** 2 + 0.8 + 0.4 * torch.randn(900)) > 0).float().unsqueeze(1)
train = DataLoader(TensorDataset(shots[:700], made[:700]), batch_size=50, shuffle=True)

# %%
model = nn.Sequential(
    nn.Linear(5, 64), nn.LeakyReLU(),
    nn.Linear(64, 64), nn.LeakyReLU(),
    nn.Linear(64, 1),
)
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=0.3)  # coach: update-ratio-high; fix: lr=

# %%
for epoch in range(10):
    model.train()
    losses = []
    for x, t in train:
        optimizer.zero_grad()
        loss = criterion(model(x), t)  # coach-also: learning-rate-too-high
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    model.eval()
    with torch.no_grad():
        acc = ((model(shots[700:]) > 0).float() == made[700:]).float().mean().item()
    print(f"epoch {epoch}  loss {sum(losses) / len(losses):.3f}  acc {acc:.3f}")
