import gradbook as torch
from gradbook import nn

device = "cuda" if torch.cuda.is_available() else "cpu"
model = nn.Linear(4, 1).to(device)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
x, y = torch.randn(32, 4).to(device), torch.randn(32, 1).to(device)
running = 0.0
for step in range(8):
    loss = nn.functional.mse_loss(model(x), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    running += loss.item()  # coach: host-sync-in-loop; fix: running += loss.detach()
