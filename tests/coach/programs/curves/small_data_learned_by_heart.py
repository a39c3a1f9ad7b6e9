import gradbook as torch
from gradbook import nn

torch.manual_seed(0)
x, y = torch.randn(30, 10), torch.randint(0, 2, (30,))
vx, vy = torch.randn(100, 10), torch.randint(0, 2, (100,))
model = nn.Sequential(nn.Linear(10, 128), nn.ReLU(), nn.Linear(128, 2))
optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
for epoch in range(60):  # coach: overfitting; fix: weight_decay=0.01
    model.train()
    loss = nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 5 == 0:
        model.eval()
        with torch.no_grad():
            val_loss = nn.functional.cross_entropy(model(vx), vy)
        print(epoch, loss.item(), val_loss.item())
