import gradbook as torch
import gradbook.nn as nn
import gradbook.optim as optim

model = nn.Sequential(nn.Flatten(), nn.Linear(16, 12), nn.ReLU(), nn.Linear(12, 3))
criterion = nn.CrossEntropyLoss()
optimizer = optim.SGD(model.parameters(), lr=0.01)
images, labels = torch.rand(24, 1, 4, 4), torch.randint(0, 3, (24,))

for epoch in range(2):
    model.train()
    with torch.no_grad():  # coach: training-under-no-grad
        for i in range(0, 24, 8):
            optimizer.zero_grad()
            output = model(images[i : i + 8])
            loss = criterion(output, labels[i : i + 8])
            loss.backward()
            optimizer.step()
