import gradbook as torch
import gradbook.nn as nn

X = torch.tensor([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
Y = torch.tensor([[0.0], [1.0], [1.0], [0.0]])
model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1), nn.Sigmoid())
optimizer = torch.optim.Adam(model.parameters(), lr=0.1)
for epoch in range(60):
    out = model(X)
    loss = nn.functional.binary_cross_entropy(out, Y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if epoch % 20 == 0:
        accuracy = ((out > 0.5).float() == Y).float().mean()
        print(epoch, loss.item(), accuracy.item())
print(model(X).detach().round())
