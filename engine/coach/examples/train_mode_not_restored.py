import gradbook as torch
from gradbook import nn

model = nn.Sequential(nn.Linear(4, 16), nn.ReLU(), nn.Dropout(0.5), nn.Linear(16, 2))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x, y = torch.randn(64, 4), torch.randint(0, 2, (64,))
for epoch in range(5):
    loss = nn.functional.cross_entropy(model(x[:48]), y[:48])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    model.eval()  # coach: train-mode-not-restored; fix: model.train()
    with torch.no_grad():
        print((model(x[48:]).argmax(1) == y[48:]).float().mean().item())
