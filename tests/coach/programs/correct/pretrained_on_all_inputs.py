# an autoencoder may see the inputs of the test, its labels nobody sees
import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(9)
x = torch.randn(240, 10)
x[:, 5:] = x[:, :5] + 0.1 * torch.randn(240, 5)
y = (x[:, 0] + x[:, 1] > 0).long()
encoder = nn.Sequential(nn.Linear(10, 16), nn.Tanh())
decoder = nn.Linear(16, 10)


def validate(model):
    model.eval()
    with torch.no_grad():
        found = nn.functional.mse_loss(decoder(model(x[180:])), x[180:]).item()
    model.train()
    return found


opt = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=3e-3)
for epoch in range(4):
    for (xb,) in DataLoader(TensorDataset(x), batch_size=30, shuffle=True):
        opt.zero_grad()
        nn.functional.mse_loss(decoder(encoder(xb)), xb).backward()
        opt.step()
with torch.no_grad():
    print("reconstruction", nn.functional.mse_loss(decoder(encoder(x)), x).item())

head = nn.Linear(16, 2)
tuned = torch.optim.Adam([*encoder.parameters(), *head.parameters()], lr=1e-3)
for epoch in range(6):
    for xb, yb in DataLoader(TensorDataset(x[:180], y[:180]), batch_size=30, shuffle=True):
        tuned.zero_grad()
        nn.functional.cross_entropy(head(encoder(xb)), yb).backward()
        tuned.step()
    with torch.no_grad():
        val_scores = head(encoder(x[180:]))
        print("validation", (val_scores.argmax(1) == y[180:]).float().mean().item())
