"""Named tag_scores, used for the loss and for the predictions that are printed."""

import gradbook as torch
import gradbook.nn as nn

emb, lstm, lin = nn.Embedding(20, 8), nn.LSTM(8, 12), nn.Linear(12, 4)
loss_function = nn.CrossEntropyLoss()
optimizer = torch.optim.SGD([*emb.parameters(), *lstm.parameters(), *lin.parameters()], lr=0.1)
for epoch in range(4):
    words, tags = torch.randint(0, 20, (9,)), torch.randint(0, 4, (9,))
    out, _ = lstm(emb(words).unsqueeze(1))
    tag_space = lin(out.squeeze(1))
    tag_scores = torch.softmax(tag_space, dim=1)
    loss = loss_function(tag_scores, tags)  # coach: softmax-before-cross-entropy; fix: loss_function(tag_space, tags)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    print(tag_scores.argmax(dim=1).tolist(), tags.tolist())
