import gradbook as torch
from gradbook import nn
from gradbook.utils.data import DataLoader, TensorDataset

torch.manual_seed(2)
x = torch.randn(500, 7)
y = ((x[:, 0] + x[:, 1] * x[:, 2]) > 0).float().unsqueeze(1)
dl = DataLoader(TensorDataset(x[:400], y[:400]), batch_size=40, shuffle=True)

model = nn.Sequential(
    nn.Linear(7, 32),
    nn.ReLU(),
    nn.Linear(32, 16),
    nn.ReLU(),
    nn.Linear(16, 1),
    nn.Sigmoid(),  # coach: sigmoid-before-bce-with-logits
)
loss_fn = nn.BCEWithLogitsLoss()  # coach-line: sigmoid-before-bce-with-logits
opt = torch.optim.Adam(model.parameters(), lr=0.01)

for epoch in range(8):
    model.train()
    tot = 0.
    for xb, yb in dl:
        y_hat = model(xb)
        loss = loss_fn(y_hat, yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        tot += loss.item()
    model.eval()
    with torch.no_grad():
        acc = ((model(x[400:]) > 0.5).float() == y[400:]).float().mean().item()
    print(epoch, tot / len(dl), acc)
